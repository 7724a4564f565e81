"""Folders of models: the product's own, and what a test adds to them."""
import json
import shutil

from .cluster import MODELS


def models_with(folder, files):
    """A copy of the models with these files more: path → a text, or what becomes JSON."""
    models = shutil.copytree(MODELS, folder / "models")
    for path, content in files.items():
        file = models / path
        file.parent.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")
    return models


def record(name, collection, fields, **attributes):
    """An Avro schema of one of our collections."""
    return {"type": "record", "name": name, "collection": collection, **attributes,
            "fields": fields}


def field(name, kind="string", **attributes):
    return {"name": name, "type": kind, **attributes}
