from django.db import migrations

from conversations import search_index

MESSAGES = "conversations_message_words"
CUSTOMERS = "conversations_customer_words"

SQLITE = [
    # Of messages only which words stand where. By `ascii` whatever lies beyond it is
    # part of a word: the words come cut.
    f"CREATE VIRTUAL TABLE {MESSAGES} USING fts5"
    "(words, content='', detail=none, columnsize=0, tokenize='ascii')",
    f"CREATE VIRTUAL TABLE {CUSTOMERS} USING fts5"
    "(words, detail=none, columnsize=0, tokenize='ascii')",
]
# No foreign key: rows are taken out by name, before what they are of.
POSTGRESQL = [
    statement
    for table in (MESSAGES, CUSTOMERS)
    for statement in (
        f"CREATE TABLE {table} (id bigint PRIMARY KEY, words tsvector NOT NULL)",
        # At once into the index: a list of what is still to be put in would be read
        # through by every search.
        f"CREATE INDEX {table}_gin ON {table} USING gin (words) "
        "WITH (fastupdate = off)",
        # With less the planner takes rare words for common and walks all rows.
        f"ALTER TABLE {table} ALTER COLUMN words SET STATISTICS 2000",
    )
]


def make(apps, schema_editor):
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        schema_editor.execute(statement)


def fill(apps, schema_editor):
    search_index.fill(
        apps.get_model("conversations", "Message").objects,
        apps.get_model("conversations", "Customer").objects,
    )


def drop(apps, schema_editor):
    for table in (MESSAGES, CUSTOMERS):
        schema_editor.execute(f"DROP TABLE {table}")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0016_notes")]
    operations = [
        migrations.RunPython(make, drop, elidable=False),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
    ]
