"""Helpers of the course book *Deep Learning, Derived*.

Modules are imported on first use, so that ``import course_utils`` costs nothing: ``data`` (the embedded data
sets), ``plots`` (figure style), ``drawing`` (schematic drawings), ``tables`` (results with their spread),
``records`` (results of long runs), ``runtime`` (device, seeds, progress), ``check`` (exercises), ``widgets``
(pictures that move without a kernel) and ``grade`` (the teacher's side); ``cores``, ``memory`` and
``console`` tell what this process may use and whom it talks to.
"""

__version__ = "0.1.0"
