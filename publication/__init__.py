"""Publication: immutable versions of the marts, and the link `current`, which readers follow to the last finished one."""
