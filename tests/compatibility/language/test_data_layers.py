"""SQLAlchemy and marshmallow: events, hybrid properties, validators, hooks of schemas."""

from __future__ import annotations

from typing import Any

import marshmallow
import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property

FRAMEWORK = "SQLAlchemy, marshmallow"
DISTRIBUTION = "SQLAlchemy"


@pytest.mark.calls(9)
def test_sqlalchemy(tool: Any) -> object:
    """SQLAlchemy: events, told by the listener's signature, `validates`, hybrids, column defaults, `reconstructor`."""

    class Base(orm.DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = "item"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        size = sa.Column(sa.Integer, default=tool("default")(lambda: 3))
        token = sa.Column(sa.String, default=tool("context_default")(lambda context: type(context).__name__))
        name: orm.Mapped[str]

        @orm.validates("name")
        @tool("validate")
        def check(self, key: str, value: str) -> str:
            return value.upper()

        @hybrid_property
        @tool("hybrid")
        def double(self) -> int:
            return self.size * 2

        @hybrid_method
        @tool("method")
        def larger(self, than: int) -> bool:
            return self.size > than

        @orm.reconstructor
        @tool("reconstruct")
        def loaded(self) -> None:
            self.was_loaded = True

    engine = sa.create_engine("sqlite://")
    seen: list[str] = []

    @sa.event.listens_for(engine, "connect")
    @tool("connect")
    def connect(connection: Any, record: Any) -> None:
        connection.create_function("twice", 1, tool("twice")(lambda a: a * 2))

    # A listener with fewer arguments was right in earlier versions, and is still told by its signature.
    @sa.event.listens_for(Item, "before_insert")
    @tool("before_insert")
    def before_insert(mapper: Any, connection: Any, target: Any) -> None:
        seen.append(target.name)

    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add(Item(name="a"))
        session.commit()
        session.expunge_all()
        item = session.scalars(sa.select(Item)).one()
        twice = session.scalar(sa.text("SELECT twice(4)"))
        return item.double, item.larger(2), item.token, item.was_loaded, item.name, twice, seen


@pytest.mark.calls(8)
def test_marshmallow(tool: Any) -> object:
    """marshmallow: `validates`, `pre_load`, `post_load`, `post_dump`, `Function` and `Method` fields, a default."""

    class ItemSchema(marshmallow.Schema):
        name = marshmallow.fields.String(validate=tool("validator")(lambda value: len(value) > 0))
        size = marshmallow.fields.Integer(load_default=tool("default")(lambda: 3))
        shout = marshmallow.fields.Function(tool("function")(lambda item: item["name"].upper()))
        twice = marshmallow.fields.Method("twice_of")

        @tool("method")
        def twice_of(self, item: Any) -> int:
            return item["size"] * 2

        @marshmallow.validates("name")
        @tool("validates")
        def check(self, value: str, data_key: str) -> None:
            if value == "bad":
                raise marshmallow.ValidationError("bad name")

        @tool("pre_load")
        @marshmallow.pre_load
        def before(self, data: Any, **kwargs: Any) -> Any:
            return {key.lower(): value for key, value in data.items()}

        @marshmallow.post_load
        @tool("post_load")
        def after(self, data: Any, **kwargs: Any) -> Any:
            return data

        @marshmallow.post_dump(pass_original=True)
        @tool("post_dump")
        def dumped(self, data: Any, original: Any, **kwargs: Any) -> Any:
            return data | {"dumped": True}

    schema = ItemSchema()
    loaded = schema.load({"NAME": "a"})
    return loaded, schema.dump(loaded)
