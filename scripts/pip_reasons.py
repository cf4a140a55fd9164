"""What pip's words mean: one sentence for the reason why an installation failed."""

import re

# No syntax that an old Python cannot read: scripts/environment.py runs on the Python that `make` finds.

# In this order: without a network pip also says that it found no such package.
REASONS = (
    (
        "No space left on device|Disk quota exceeded",
        "the disk is full: the packages need 2 GB with PyTorch's CPU build, 8 GB with its CUDA build",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "the certificate of the package index is not trusted here; PIP_CERT can name another",
    ),
    (
        "ProxyError|Tunnel connection failed",
        "the proxy does not let pip through to the package index; HTTPS_PROXY names it",
    ),
    (
        "NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Read timed out|[Cc]onnection broken|"
        "Connection aborted|Connection reset|IncompleteRead|name resolution|Name or service not known|"
        "Network is unreachable",
        "the Python package index cannot be reached; is there a network?",
    ),
    (
        r"Package '(?P<package>[^']+)' requires a different Python: \S+ not in '(?P<bounds>[^']+)'",
        "{package} is for Python {bounds}, and this is Python {python}",
    ),
    (
        r"(?s)require a different python version:[^\n]* (?P<version>\S+) Requires-Python (?P<bounds>[^;\n]+)"
        r".*No matching distribution found for (?P<package>[^\s=;]+)==(?P=version)(?![\w.])",
        "{package} {version} is for Python {bounds}, and this is Python {python}",
    ),
    (
        r"No matching distribution found for (?P<package>[^\s;(]+)",
        "the package index has no {package} for Python {python} on this system",
    ),
    (
        r"(?:Failed building wheel for|Failed to build|Could not build wheels for) (?P<package>[\w.-]+)",
        "there is no ready build of {package} for Python {python}, and building it here failed",
    ),
    ("ResolutionImpossible", "the packages asked for do not go together"),
    (
        r"(?:Permission denied|Read-only file system): '(?P<path>[^']+)'",
        "{path} may not be written",
    ),
)


def explain(said, python):
    """Return the reason why pip failed, a sentence without its end, or None when its words tell none.

    Args:
        said: pip's lines.
        python: version of the Python that it installed for, such as "3.11.2".
    """
    text = "\n".join(said)
    for pattern, sentence in REASONS:
        match = re.search(pattern, text)
        if match:
            return sentence.format(python=python, **match.groupdict())
    return None
