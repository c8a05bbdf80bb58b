"""From landing files to event tables: every line of every delivery ends in the lake with its fate.

How a line goes, and which module does what:

1. `job` (driver) lists the landing folder with `files` and compares it with the files that the event table has read. What is
   new or has changed is loaded, some gigabytes of files in one commit.
2. `workers` (in the Python workers) reads a file's bytes and has `columns` classify its lines, many at a time. `classify` is
   the reference for one line: the columns of its event, or the first reason why it is quarantined; `columns` gives every line
   the same, faster. The lines travel through Spark in line batches, some megabytes of Arrow tables in one binary value.
3. `deduplicate` decides what depends on other lines. The copies of one event, from the line batches and from the table
   (`history` finds those), meet in a bucket: one copy is accepted, the others are duplicates or conflicts. Only the fates that
   change travel back.
4. `workers` gives the lines of each line batch these fates and writes them as data files, which `job` commits. Where lines that
   are in the table change their fate, `rewrite` writes the data files that hold them again without them, for the same commit.
5. At the end of each step `job` erases the people whose requests were accepted, in the event tables of all sources.

`__main__`, `replay` and `withdraw` are the commands: load what is new, classify quarantined lines again, take lines out or put
them back. `command` is what they share.

Invariants:

- A file's lines and its line 0 are committed together. A file whose line 0 is in the table has been read, so a killed load is
  simply run again. For each file the lines of the table add up to the `rows_read` of its line 0.
- The accepted copy of an event is the one with the smallest (`dt`, file, line) of all copies ever delivered that are neither
  withdrawn nor erased. Hence the lake is the same for every order of deliveries, every batching and every number of runs.
- A line is known by its place (file, line), an event by its key (digest of `source` and `id`); copies say the same if their
  content hashes are equal.
- Of a line that names an erased person only its place and fate are kept, and later ones are erased on arrival. Their requests
  stay, since they say who is erased.
- `Judge` leaves out exactly the lines that `Reader` drops or erases: what is judged is what is written.
- One writer at a time: a step holds `lake.lock.one_writer` from its first look at the table to its last commit.
"""
