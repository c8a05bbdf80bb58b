"""Publication: an immutable version of the marts, and the name `current` that readers follow to the last finished one."""
