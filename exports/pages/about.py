"""The page About: what the figures are of, and what the words mean."""

from __future__ import annotations

from dataclasses import dataclass

from contract.success import RULES
from exports.packs.export_day import Published
from exports.pages.words import Words
from exports.policy.people import PER_MERCHANT


@dataclass(frozen=True)
class About:
    """What an export tells of itself."""

    published: Published
    base: Published | None
    currency: str
    contact: str
    playbook: str
    has_pseudonyms: bool

    def lines(self, words: Words, *, for_merchant: bool = False) -> list[tuple[str, str]]:
        """Terms and meanings; a merchant is told nothing of how it is judged."""
        base = words("about.base_none") if self.base is None else str(self.base)
        facts = {
            "as_of": self.published.as_of.isoformat(),
            "version": self.published.version,
            "base": base,
            "currency": self.currency,
            "playbook": self.playbook,
            "contact": self.contact or words("about.contact_none"),
        }
        privacy = words(f"about.{'privacy_of_merchant' if for_merchant else 'privacy'}_text", limit=PER_MERCHANT)
        if self.has_pseudonyms:
            privacy = f"{privacy} {words('about.pseudonyms')}"
        terms = ["per_fan", "change", "retention", "teams", "spread", "groups"]
        if for_merchant:
            del facts["playbook"], facts["base"]
        else:
            terms = ["call", "stage", "risk", "loss", *terms]
        return [
            *((words(f"about.{name}"), value) for name, value in facts.items()),
            *((words(f"about.{name}"), words(f"about.{name}_text", **RULES)) for name in terms),
            (words("about.privacy"), privacy),
        ]
