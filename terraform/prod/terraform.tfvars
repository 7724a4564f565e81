# No part of it is alone, and nothing of it is deleted by mistake.
name                = "mamparo-prod"
bulkhead            = { machine = "e2-standard-2", min = 1, max = 3, cpu = 0.75, initialisation_s = 60 }
write               = { machine = "e2-standard-2", servers = 2 }
read                = { machine = "e2-standard-4", min = 3, max = 9, cpu = 0.75, disk_gb = 100 }
sql_tier            = "db-custom-4-15360"
highly_available    = true
protected           = true
redis_tier          = "STANDARD_HA"
redis_gb            = 5
requests_per_minute = 6000
