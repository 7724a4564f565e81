# Small, and gone as easily as it came.
name                = "mamparo-dev"
bulkhead            = { machine = "e2-small", min = 1, max = 3, cpu = 0.75, initialisation_s = 60 }
write               = { machine = "e2-small", servers = 1 }
read                = { machine = "e2-small", min = 1, max = 2, cpu = 0.75, disk_gb = 20 }
sql_tier            = "db-g1-small"
highly_available    = false
protected           = false
redis_tier          = "STANDARD_HA"
redis_gb            = 1
requests_per_minute = 0
