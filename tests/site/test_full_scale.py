"""`{records}`: long runs as tables in the appendix."""

import json

import audit
import pytest
from course_page import records
from test_extension import build, chapter

MADE = {
    "date": "2026-11-30",
    "seconds": 173.0,
    "processes": 2,
    "processor": "a processor",
    "python": "3.11.7",
    "torch": "2.13.0",
}
ROWS = [
    {"score": 0.5, "net": {"loss": [1.0, 0.5], "name": "LSTM"}, "curve": list(range(20)), "at": None},
    {"score": 0.7, "net": {"loss": [2.0, 0.5], "name": "LSTM"}, "curve": list(range(20)), "at": 7},
]
CONTENT = {
    "name": "04_valley",
    "title": "three <slopes>",
    "seeds": [0, 1],
    "rows": ROWS,
    "made": MADE,
    "digest": "0",
}


def rows(found):
    return [tuple(row) for t in found for row in t.rows]


def test_numbers_become_means_and_long_lists_are_excerpts():
    found = rows(records.tables(ROWS))
    assert ("score", "0.60 ± 0.10", "2") in found
    assert ("1", "1.50 ± 0.50") in found and ("2", "0.50 ± 0.00") in found
    assert ("curve, last of 20", "19 ± 0", "2") in found
    assert ("at", "7.0", "1") in found
    assert not [row for row in found if "LSTM" in row]


def test_lists_of_lists_are_named_by_their_place():
    found = rows(records.tables([{"grid": [[1, 2], [3, 4]]}, {"grid": [[1, 2], [3, 6]]}]))
    assert [row[0] for row in found] == ["1", "2"]
    assert records.tables([{"grid": [[1, 2], [3, 4]]}])[0].head == ["place in the list", "grid, 1", "grid, 2"]


def test_of_a_long_list_of_lists_three_are_told():
    found = records.tables([{"runs": [[k, k + 1] for k in range(40)]}])
    assert [row[0] for row in rows(found)] == [f"runs, {k} of 40" for k in ("first", "middle", "last")]
    assert rows(found)[1][1:] == ("20", "21")


def test_no_table_is_wider_than_paper():
    """Many lists stand one below the other, and what is still too wide in several tables."""
    many = records.tables([{f"net {k}": list(range(11)) for k in range(40)}])
    assert [t.head[1] for t in many] == ["place 1", "place 6", "place 11"]
    assert all(len(t.rows) == 40 and len(t.head) <= 1 + records.SIDE for t in many)
    assert [many[2].rows[7], many[0].rows[0][:3]] == [["net 7", "10"], ["net 0", "0.00", "1.0"]]


@pytest.mark.parametrize("size", [audit.PHONE, audit.DESK], ids=["phone", "desk"])
def test_the_page(tmp_path, browser, size):
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "04_valley.json").write_text(json.dumps(CONTENT), "utf8")
    text = f"# Full-scale results\n\nPlain.\n\n```{{records}} {folder}\n```\n"
    site, warnings = build(tmp_path, chapter(), {"results": text})
    assert warnings == ""
    assert audit.broken_links(site, "results.html") == []
    page = (site / "results.html").read_text("utf8")
    assert "Three &lt;slopes&gt;" in page and 'id="record-04-valley"' in page
    assert 'href="04_momentum.html">Chapter 4</a>: 2 seeds, 3 minutes in 2 processes on a processor' in page
    assert "Python 3.11.7, 2026-11-30." in page
    with audit.open_page(browser, (site / "results.html").as_uri(), size) as (tab, found):
        assert tab.locator(".course-table").count() == 2
        assert audit.width(tab) == [] and audit.accessibility(tab) == []
    assert not found


def test_without_records_there_is_one_sentence(tmp_path):
    (tmp_path / "none").mkdir()
    site, warnings = build(
        tmp_path, chapter(), {"results": f"# R\n\nPlain.\n\n```{{records}} {tmp_path / 'none'}\n```\n"}
    )
    assert warnings == ""
    assert "No long run has been recorded yet." in (site / "results.html").read_text("utf8")
