from tests.store import migrated_database, store  # noqa: F401
from tests.unit.registry.conftest import prepared_project, project, quick_cost  # noqa: F401
