"""The teacher's grader: a black box around each submission.

The trusted side (this package) never runs a student's code and never unpickles. Each submission is parsed in
a capped process (``reading``), its answers run in a sandbox (``sandbox``, ``inside``), and only numbers come
back, as safetensors frames over a pipe (``inside/wire.py``). They are compared here with values the sandbox
never sees (``grading``), and written one record a submission (``records``), then as tables and pages
(``tables``, ``feedback``).

Entry point: ``course-grade``, see ``cli``. What no grader can know is said in the appendix "For teachers".
"""
