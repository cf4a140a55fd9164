"""Files that are copied into the sandbox. They stand alone and are trusted there no more than the
student's code.
"""
