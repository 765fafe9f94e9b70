"""What migrations of several rooms share."""

from django.db.migrations.operations.base import Operation, OperationCategory


class Together(Operation):
    """Operations that make models, with one rendering of them all. Django's own way is one after
    each: since most tables refer to a few, nearly all are rendered again for every table made,
    which took ten seconds of each new database."""

    category = OperationCategory.ADDITION
    reversible = False

    def __init__(self, operations: list[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label, state) -> None:
        state.__dict__.pop("apps", None)  # rendered when it is asked for next
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)
