"""Every module that defines tables, imported so that the metadata is whole (for migrations and tests)."""

import spares.accounts.models
import spares.calendars.models
import spares.cases.models
import spares.dispatch.models
import spares.files.models
import spares.inventory.import_models
import spares.inventory.models
import spares.inventory.stocktake_models
import spares.labels.models
import spares.once
import spares.outbox
import spares.rma.models
import spares.settings  # noqa: F401
