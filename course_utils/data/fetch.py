"""Find a data file, check its SHA-256 before anyone opens it, and download it if need be.

Search order: the ``data/`` of the repository that this package lies in, that of a clone around the notebook
or the working directory, the folder named by ``COURSE_DATA``, the user's cache, the network. Files of
``data/`` come from the course's own repository, at the version that is installed; originals from where their
makers keep them. Nothing is ever unpacked onto the disk and nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import tarfile
import tempfile
import time
import zipfile
import zlib
from pathlib import Path
from urllib.parse import urlsplit

from .. import console
from .registry import DataError, table

REPOSITORY = Path(__file__).resolve().parents[2] / "data"
TRIES = 3  # per address; each try goes on where the last one broke off, if the server allows
TIMEOUT = (10, 30)  # seconds to connect, seconds without a byte
PAUSE = 1.0  # seconds before the second try, doubled before the third
LARGEST = 1 << 30  # bytes; no file of the course is larger


def digest(path, kind: str = "sha256") -> str:
    """Return the digest of a file in hexadecimal."""
    value = hashlib.new(kind)
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            value.update(block)
    return value.hexdigest()


def cache() -> Path:
    """Return the folder of downloaded files: ``COURSE_CACHE``, else the user's cache folder.

    Raises:
        DataError: there is neither.
    """
    import pooch

    if own := os.environ.get("COURSE_CACHE"):
        return Path(own)
    try:
        return Path(pooch.os_cache("deep-learning-derived"))
    except RuntimeError:  # no HOME, and a user without a passwd entry
        raise DataError(
            "Downloads have no place: this user has no home folder; name a folder in COURSE_CACHE."
        ) from None


def clones() -> list[Path]:
    """Return the ``data/`` of clones of the course around the notebook and the working directory."""
    starts = [Path.cwd()]
    if notebook := os.environ.get("JPY_SESSION_NAME"):  # set by Jupyter's server
        starts.append(Path(notebook).absolute().parent)
    around = dict.fromkeys(folder for start in starts for folder in (start, *start.parents))
    return [f / "data" for f in around if (f / "course_utils").is_dir() and (f / "data").is_dir()]


def row(name: str) -> dict:
    """Return the registry's row of a file."""
    files = table()
    return files["files"].get(name) or files["originals"][name]


def local(name: str) -> Path | None:
    """Return the checked copy of a file in ``data/``, here or in a clone, or in ``COURSE_DATA``; or None.

    A clone may be of another version than this package: what differs there is passed over.

    Raises:
        DataError: the file is there, but damaged; or ``COURSE_DATA`` names no folder.
    """
    shipped = name in table()["files"]
    nearby = [folder for folder in clones() if shipped and folder != REPOSITORY]
    folders = [REPOSITORY, *nearby] if shipped else []
    if own := os.environ.get("COURSE_DATA"):
        if not Path(own).is_dir():
            raise DataError(f"COURSE_DATA names {own}, which is not a folder; correct it or unset it.")
        folders.append(Path(own))
    for folder in folders:
        file = folder / name
        if file.is_file():
            if problem := mismatch(file, name):
                if folder in nearby:
                    continue
                cure = (
                    f"restore it with `git checkout -- data/{name}`" if folder == REPOSITORY else "replace it"
                )
                raise DataError(
                    f"{file} is damaged ({problem}); {cure}, or delete it and it will be downloaded."
                )
            return file
    return None


def path(name: str) -> Path:
    """Return a checked local copy of a file, downloaded if it is nowhere on this machine.

    Args:
        name: a key of "files" or "originals" in the registry.

    Raises:
        DataError: the file is damaged or cannot be downloaded; says why, and what to do.
    """
    if found := local(name):
        return found
    file = cache() / name
    if file.is_file():
        if not mismatch(file, name):
            return file
        file.unlink()  # damaged since its download: fetch it anew
    return download(name, file)


def mismatch(file: Path, name: str) -> str:
    """Compare a file with the registry, or with the digest seen at its first download; "" if all is well."""
    known = row(name)
    if size := known.get("bytes"):
        got = file.stat().st_size
        if got != size:
            return f"{got:,} bytes instead of {size:,}"
    for kind in ("sha256", "md5"):
        if known.get(kind):
            got = digest(file, kind)
            return "" if got == known[kind] else f"{kind} {got[:12]}… instead of {known[kind][:12]}…"
    return first_seen(file, name)


def first_seen(file: Path, name: str) -> str:
    """Record the digest of a file that the registry has none for; later copies must agree with the first."""
    ledger, got = cache() / "first_seen.json", digest(file)
    seen = json.loads(ledger.read_text(encoding="utf-8")) if ledger.exists() else {}
    if name not in seen:
        seen[name] = got
        ledger.parent.mkdir(parents=True, exist_ok=True)
        ledger.write_text(json.dumps(seen, indent=1), encoding="utf-8")
        print(f"{name}: the course knows no SHA-256 of this file; {got} was seen and noted in {ledger}.")
    return (
        "" if seen[name] == got else f"sha256 {got[:12]}… instead of {seen[name][:12]}… at its first download"
    )


def addresses(name: str) -> list[str]:
    """Return where a file can be downloaded from, best first."""
    if name in table()["originals"]:
        return row(name)["urls"]
    found = []
    if own := os.environ.get("COURSE_REPOSITORY"):
        found.append((own, "HEAD"))
    try:
        package = importlib.metadata.distribution("course-utils")
    except importlib.metadata.PackageNotFoundError:
        package = None
    if package:
        origin = json.loads(package.read_text("direct_url.json") or "{}")
        if commit := origin.get("vcs_info", {}).get("commit_id"):  # installed from git: the very same version
            found.append((origin["url"], commit))
        for entry in package.metadata.get_all("Project-URL") or []:
            label, _, url = entry.partition(",")
            if label.strip() == "Repository":
                found.append((url.strip(), "HEAD"))
    urls = []
    for url, version in found:
        url = url.removesuffix("/").removesuffix(".git")
        raw = "-/raw" if "gitlab" in (urlsplit(url).hostname or "") else "raw"
        urls.append(f"{url}/{raw}/{version}/data/{name}")
    return list(dict.fromkeys(urls))


def download(name: str, file: Path) -> Path:
    """Download a file to ``file`` from the first address that serves it whole, else leave nothing."""
    import pooch

    pooch.get_logger().setLevel("WARNING")
    troubles = []
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for url in addresses(name):
            with tempfile.TemporaryDirectory(dir=file.parent, prefix=".part-") as scratch:
                part = Path(scratch) / file.name
                try:
                    # pooch hands over complete files only; the checks are ours, for their messages.
                    pooch.retrieve(
                        url, None, part.name, scratch, downloader=lambda u, out, _: stream(u, out, name)
                    )
                    problem = webpage(part) or mismatch(part, name)
                except Trouble as trouble:
                    troubles.append(str(trouble))
                    continue
                if not problem:
                    part.replace(file)
                    return file
                troubles.append(f"{urlsplit(url).netloc} sent another file ({problem})")
    except OSError as error:
        raise DataError(f"{name} cannot be written to {file.parent}: {error.strerror or error}.") from None
    reason = "; ".join(dict.fromkeys(troubles)) or "no address of it is known"
    raise DataError(
        f"{name} is not on this machine and could not be downloaded: {reason}. "
        "Try again with a network, or put the file into a folder and name that folder in COURSE_DATA."
    )


def webpage(file: Path) -> str:
    """Tell a login page of the network from a file of the course, none of which starts like HTML."""
    with open(file, "rb") as head:
        return "a web page: does the network ask for a login?" if head.read(200).lstrip()[:1] == b"<" else ""


class Trouble(Exception):
    """Why one address failed, as the end of a sentence."""


def stream(url: str, out, label: str) -> None:
    """Write the body of ``url`` to ``out``; after a broken connection go on, if the server allows."""
    import requests
    from tqdm.auto import tqdm

    host, done, whole, trouble = urlsplit(url).netloc, 0, None, ""
    silent = os.environ.get("BOOK_STATIC") == "1" or not console.bars()
    if problem := certificates():
        raise Trouble(problem)
    with tqdm(desc=label, unit="B", unit_scale=True, disable=silent, leave=False) as bar:
        for attempt in range(TRIES):
            time.sleep(PAUSE * 2 ** (attempt - 1) if attempt else 0)
            headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
            try:
                with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
                    if answer.status_code in (401, 403, 404, 410):
                        raise Trouble(f"{host} does not have it (status {answer.status_code} for {url})")
                    answer.raise_for_status()
                    if answer.status_code != 206 or not answer.headers.get("Content-Range", "").startswith(
                        f"bytes {done}-"
                    ):
                        done = 0  # the whole file comes again
                    length = answer.headers.get("Content-Length")
                    whole = done + int(length) if length else None
                    if max(whole or 0, done) > LARGEST:
                        raise Trouble(f"{host} offers {whole:,} bytes, more than any file of the course")
                    bar.reset(whole)
                    bar.update(done)
                    with open(out, "r+b" if done else "wb") as file:
                        file.seek(done)
                        for block in answer.iter_content(1 << 14):
                            file.write(block)
                            done += len(block)
                            bar.update(len(block))
                            if done > LARGEST:
                                raise Trouble(f"{host} sends more bytes than any file of the course has")
                    if whole in (None, done):
                        return
                    trouble = f"{host} broke off after {done:,} of {whole:,} bytes"
            except requests.exceptions.SSLError:
                raise Trouble(
                    f"the certificate of {host} is not trusted here; where a network inspects what passes, "
                    "REQUESTS_CA_BUNDLE names the file of its root certificate"
                ) from None
            except (requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL) as error:
                raise Trouble(proxy_trouble(url, str(error))) from None
            except requests.exceptions.InvalidSchema as error:
                if "SOCKS" in str(error):
                    raise Trouble(f"{proxy(url)} needs one more package: `pip install pysocks`") from None
                raise Trouble(f"{url} is no usable address ({type(error).__name__})") from None
            except requests.TooManyRedirects:
                raise Trouble(f"{host} redirects in a circle") from None
            except requests.HTTPError as error:
                if error.response.status_code == 407:
                    raise Trouble(proxy_trouble(url, "407")) from None
                trouble = f"{host} answered with status {error.response.status_code}"
            except requests.Timeout:
                trouble = f"{host} fell silent for {TIMEOUT[1]} seconds"
            except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
                done = Path(out).stat().st_size if Path(out).exists() else 0
                trouble = f"{host} broke off after {done:,} of {whole or 0:,} bytes"
            except requests.ConnectionError as error:
                silence = "timed out" in str(error)
                trouble = (
                    f"{host} fell silent for {TIMEOUT[1]} seconds" if silence else f"{host} cannot be reached"
                )
                done = Path(out).stat().st_size if Path(out).exists() else 0
            except requests.RequestException as error:
                raise Trouble(f"{url} is no usable address ({type(error).__name__})") from None
    raise Trouble(trouble)


def certificates() -> str:
    """Why no certificate can be checked: the file named for it is not there; "" if all is well."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if named := os.environ.get(variable):
            return "" if Path(named).exists() else f"{variable} names {named}, which is not there"
    return ""


def proxy(url: str) -> str:
    """The proxy that ``url`` is asked for through, with the variable that names it, without its password."""
    import requests

    address = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or ""
    settings = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    variable = next(
        (name for name, value in settings.items() if value and value in address), "system settings"
    )
    return f"the proxy {address.rpartition('@')[2].rpartition('//')[2]} ({variable})"


def proxy_trouble(url: str, error: str) -> str:
    """What a proxy did, as the end of a sentence."""
    if "407" in error:
        return f"{proxy(url)} asks for a name and a password: write http://NAME:PASSWORD@HOST:PORT there"
    return f"{proxy(url)} cannot be reached"


def gunzip(file: Path, limit: int = LARGEST) -> bytes:
    """Return the content of a .gz file.

    Raises:
        DataError: it is no gzip file, ends too early, or holds more than ``limit`` bytes.
    """
    worker = zlib.decompressobj(wbits=31)
    try:
        content = worker.decompress(Path(file).read_bytes(), limit + 1)
    except zlib.error:
        raise DataError(f"{file} is no readable gzip file; delete it and load it again.") from None
    if len(content) > limit:
        raise DataError(
            f"{file} unpacks to more than {limit:,} bytes; delete it, it is not the course's file."
        )
    if not worker.eof:
        raise DataError(f"{file} ends too early; delete it and load it again.")
    return content


def members(file: Path, limit: int = LARGEST):
    """Yield (name, bytes) of the regular files in a zip or tar archive, in memory.

    Raises:
        DataError: the archive is unreadable, holds links or names that lead out of it, or more than
            ``limit`` bytes.
    """
    total = 0
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for item in archive.infolist():
                    kind = item.external_attr >> 28  # the file type of Unix archives: 10 is a symbolic link
                    total = checked(file, item.filename, kind == 10, total + item.file_size, limit)
                    if not item.is_dir():
                        yield item.filename, archive.read(item)
        else:
            with tarfile.open(file) as archive:
                for item in archive:
                    odd = not (item.isfile() or item.isdir())
                    total = checked(file, item.name, odd, total + item.size, limit)
                    if item.isfile():
                        yield item.name, archive.extractfile(item).read()
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(f"{file} is no readable archive ({error}); delete it and load it again.") from None


def checked(file, name: str, link: bool, total: int, limit: int) -> int:
    """Return ``total`` if a member of an archive is harmless."""
    if link:
        raise DataError(f"{file} holds the link {name!r}; it was not opened.")
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or name[1:2] == ":":
        raise DataError(f"{file} holds {name!r}, which leads out of the archive; it was not opened.")
    if total > limit:
        raise DataError(f"{file} unpacks to more than {limit:,} bytes; it was not opened.")
    return total
