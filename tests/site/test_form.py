"""The pages of the chapters that have been re-cut: little open code, and an early figure or widget.

What can be measured without a browser is in tests/chapters/test_form.py.
"""

import audit
import execute
import form


def test_recut_pages_keep_their_form(browser, address):
    found = {}
    for number in form.RECUT:
        page = f"{execute.find(number).stem}.html"
        with audit.open_page(browser, f"{address}/{page}", audit.DESK) as (tab, _):
            found[page] = audit.form(tab)
    assert not any(found.values()), found
