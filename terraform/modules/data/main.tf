# The write side's PostgreSQL, and Redis. Neither has a public address.
resource "google_sql_database_instance" "write" {
  name                = "${var.name}-write"
  region              = var.region
  database_version    = "POSTGRES_15"
  deletion_protection = var.protected

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.sql_tier
    availability_type           = var.highly_available ? "REGIONAL" : "ZONAL"
    deletion_protection_enabled = var.protected
    disk_type                   = "PD_SSD"
    disk_autoresize             = true

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "03:00"
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 14
      }
    }

    # The relay reads the write-ahead log. A replica that stays away must not fill the disk: past this
    # the slot is given up, and replicas fill themselves afresh.
    database_flags {
      name  = "cloudsql.logical_decoding"
      value = "on"
    }
    database_flags {
      name  = "max_slot_wal_keep_size"
      value = "8192"
    }

    insights_config {
      query_insights_enabled = true
    }
    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }
  }
}

resource "google_sql_database" "write" {
  name     = "mamparo"
  instance = google_sql_database_instance.write.name
}

# Only where the read servers have no PostgreSQL of their own. Its content can be made again from the
# write side: no backups.
resource "google_sql_database_instance" "read" {
  count = var.shared_read_database ? 1 : 0

  name                = "${var.name}-read"
  region              = var.region
  database_version    = "POSTGRES_15"
  deletion_protection = var.protected

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.sql_tier
    availability_type           = "ZONAL"
    deletion_protection_enabled = var.protected
    disk_type                   = "PD_SSD"
    disk_autoresize             = true

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network
      ssl_mode        = "ENCRYPTED_ONLY"
    }
  }
}

resource "google_sql_database" "read" {
  count = var.shared_read_database ? 1 : 0

  name     = "mamparo"
  instance = google_sql_database_instance.read[0].name
}

resource "google_redis_instance" "this" {
  name               = var.name
  region             = var.region
  tier               = var.redis_tier
  memory_size_gb     = var.redis_gb
  redis_version      = "REDIS_7_2"
  auth_enabled       = true
  authorized_network = var.network
  connect_mode       = "PRIVATE_SERVICE_ACCESS"

  # A full Redis must refuse the relay, which then waits; it must never forget what it holds.
  redis_configs = {
    maxmemory-policy = "noeviction"
  }
}

# Passwords are made, and told to database and Secret Manager, beside Terraform: what it knows it
# would keep in its state.
resource "terraform_data" "secrets" {
  triggers_replace = [
    google_sql_database_instance.write.private_ip_address,
    one(google_sql_database_instance.read[*].private_ip_address),
    google_redis_instance.this.host,
    filesha256("${path.module}/secrets.sh"),
  ]

  provisioner "local-exec" {
    command = "${path.module}/secrets.sh"
    environment = {
      PROJECT       = var.project
      REGION        = var.region
      NAME          = var.name
      WRITE_ADDRESS = google_sql_database_instance.write.private_ip_address
      READ_ADDRESS  = try(google_sql_database_instance.read[0].private_ip_address, "")
      REDIS_ADDRESS = "${google_redis_instance.this.host}:${google_redis_instance.this.port}"
    }
  }

  depends_on = [google_sql_database.write, google_sql_database.read]
}
