"""What keeps a deployment small, fast and true over the years, by one command a week.

- `lake`: few and large data files in the event tables, no dead ones, a short log; old days of derived tables.
- `retention`: which days and files of FANOUT_HOME are old, and how they go.
- `airflow_metadata`: old runs of Airflow's database.
- `needles`, `decode`, `search`: which files say something of people, whatever they are packed in.
- `erasure`: what becomes of a file that names people who asked to be forgotten; `landing`: of the files that were delivered.
- `proof`: what was searched, and that nothing remained.

Each step can be killed and run again. What goes is renamed to a dotted name first, or is no longer named by any commit or link.
"""
