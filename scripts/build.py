"""Build the book: execute the chapters, stage them with the other pages, make the HTML. Warnings are errors.

    python scripts/build.py                    # into _build/html
    python scripts/build.py --profile full     # original data, more epochs; into _build/full/html

The staged source is `source/` beside `html/`. Only files that changed are rewritten there, so that Sphinx
reads again only those; when nothing at all changed it does not even start.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import time

import execute
import interrupts
import nbformat
import turns

TOP = execute.TOP
BOOK = TOP / "book"
SETTINGS = ("_config.yml", "_toc.yml", "pyproject.toml", "requirements.lock", "scripts")
LOOK = (*SETTINGS, "book/_ext", "course_utils/widgets", "course_utils/records", "course_utils/tables.py")
ASIDE = {"__pycache__", ".ipynb_checkpoints", "_ext", "_build"}  # folders under book/ that are not pages


def load_stager():
    """Return `stage_notebook(nb, static_dir, name)` of book/_ext/stage.py."""
    spec = importlib.util.spec_from_file_location("stage", BOOK / "_ext" / "stage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.stage_notebook


def copy_if_changed(source, target):
    """Copy a file unless the target holds the same bytes already."""
    content = source.read_bytes()
    if not target.exists() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def stage(folder):
    """Bring the book's pages and the executed chapters together.

    Args:
        folder: the build folder; its `executed/` is read and its `source/` is made equal to the book.
    """
    source, stage_notebook = folder / "source", load_stager()
    shutil.rmtree(source / "_static" / "figures", ignore_errors=True)
    wanted = set()
    for page in sorted(BOOK.rglob("*")):
        inside = page.relative_to(BOOK)
        if page.is_dir() or ASIDE & set(inside.parts):
            continue
        wanted.add(inside)
        executed = folder / "executed" / page.name
        if page.parent == BOOK and page.suffix == ".ipynb" and executed.exists():
            nb = nbformat.read(executed, as_version=4)
            nb = stage_notebook(nb, source / "_static", inside.with_suffix("").as_posix())
            execute.write_atomically(source / inside, nbformat.writes(nb))
        else:
            copy_if_changed(page, source / inside)
    for old in source.rglob("*"):
        inside = old.relative_to(source)
        if old.is_file() and inside not in wanted and inside.parts[:2] != ("_static", "figures"):
            old.unlink()


def git_remote():
    """Return the address of the remote that launch buttons follow, or ""."""
    try:
        command = ["git", "-C", str(TOP), "remote", "get-url", "origin"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:  # no git on this machine
        return ""


def keys(folder):
    """Return (key of the look, key of everything): hashes of what the pages are made from."""
    look = execute.hash_files(TOP, LOOK)
    named = ("COURSE_REPOSITORY", "COURSE_BRANCH", "COURSE_PAGES")
    settings = [git_remote(), *(os.environ.get(name, "") for name in named)]
    look.update("\n".join(settings).encode())
    everything = look.copy()
    for digest in (execute.hash_files(TOP, ["book"]), execute.hash_files(folder, ["executed"])):
        everything.update(digest.digest())
    return look.hexdigest(), everything.hexdigest()


def make_html(folder, fresh):
    """Run Jupyter Book with warnings as errors.

    Args:
        folder: the build folder; `source/` is read, `html/` is written.
        fresh: forget all pages read earlier.

    Returns:
        whether it succeeded. When it did not, the pages read are forgotten, or their warnings would not come
        again.
    """
    from jupyter_book.sphinx import build_sphinx
    from sphinx.util.console import nocolor

    doctrees, html = folder / "doctrees", folder / "html"
    if fresh:
        shutil.rmtree(doctrees, ignore_errors=True)
        shutil.rmtree(html, ignore_errors=True)
    if not sys.stderr.isatty():
        nocolor()
    os.environ["BOOK_STATIC"] = "1"
    os.chdir(TOP)  # _config.yml names book/_ext from here
    status = build_sphinx(
        folder / "source",
        html,
        noconfig=True,
        path_config=TOP / "_config.yml",
        doctreedir=doctrees,
        confoverrides={
            "external_toc_path": (TOP / "_toc.yml").as_posix(),
            "nitpicky": True,
            "latex_individualpages": False,  # asked for by build_sphinx, used for PDF only
        },
        quiet=True,
        warningiserror=True,
        keep_going=True,
    )
    if status:
        shutil.rmtree(doctrees, ignore_errors=True)
        if isinstance(status, KeyboardInterrupt):
            raise status
        if isinstance(status, Exception):
            print(f"{type(status).__name__}: {status}", file=sys.stderr)
    return not status


def build(folder, profile, jobs):
    """Bring the chapters and the pages up to date.

    Args:
        folder: the build folder.
        profile: "fast" or "full".
        jobs: chapters at a time; None for the number of cores.

    Raises:
        SystemExit: what failed, in one sentence.
    """
    start = time.monotonic()
    failed = execute.execute(execute.all_chapters(), profile, jobs)
    if failed:
        raise SystemExit(f"make book: {len(failed)} of the chapters failed: {', '.join(sorted(failed))}")

    look, everything = keys(folder)
    stamp, index = folder / "pages.key", folder / "html" / "index.html"
    seen = stamp.read_text(encoding="utf-8").split() if stamp.exists() else ["", ""]
    if index.exists() and seen == [look, everything]:
        print("pages: nothing changed")
    else:
        print("pages: building", flush=True)
        stamp.unlink(missing_ok=True)
        stage(folder)
        if not make_html(folder, fresh=seen[0] != look):
            raise SystemExit("make book: the pages have errors, see above")
        execute.write_atomically(stamp, f"{look}\n{everything}\n")
    print(f"The book is ready after {time.monotonic() - start:.0f} s; open {index.as_uri()}")
    print("or run `make serve`.")


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--profile", choices=["fast", "full"], default="fast")
    arguments.add_argument("--jobs", type=int, help="chapters at a time (default: the number of cores)")
    given = arguments.parse_args()
    folder = execute.build_folder(given.profile)
    folder.mkdir(parents=True, exist_ok=True)
    with interrupts.ends_with(execute.INTERRUPTED), turns.turn(folder, "make book"):
        build(folder, given.profile, given.jobs)


if __name__ == "__main__":
    main()
