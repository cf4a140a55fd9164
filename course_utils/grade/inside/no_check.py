"""Stands in for ``course_utils.check`` in the sandbox: every check does nothing."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *args, **kwargs: None
