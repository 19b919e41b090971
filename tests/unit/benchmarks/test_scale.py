"""Copies of a job differ in what must be unique, and keep everything else."""

from benchmarks.scale.history import copy_of


def test_copies_have_ids_and_times_of_their_own_and_short_bodies():
    columns, types = ["job_id", "body", "kind", "created_at"], ["uuid", "bytea", "text", "timestamp with time zone"]
    statement = copy_of("events", columns, types, whole=False)
    assert statement.startswith("INSERT INTO events (job_id, body, kind, created_at) SELECT (lpad(")
    assert ", substring(t.body FROM 1 FOR 200), t.kind, t.created_at - n * 0.3 * interval '1 s' FROM" in statement


def test_whole_bodies_stay_as_they_are():
    assert "SELECT t.body FROM" in copy_of("events", ["body"], ["bytea"], whole=True)
