"""Stands in for ``course_utils.check`` in the sandbox: a check only tells what it was given, and when."""

hear = None  # called with the name of the exercise and the answer, as they are at that moment


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def check(*args, **kwargs):
        given = args if name == "run" else (name, *args)
        if hear and len(given) == 2:
            hear(*given)

    return check
