"""What is raised for a setting that is unknown or impossible."""


class SettingError(ValueError):
    """A setting that is unknown or impossible; the message names it and says what would be right."""
