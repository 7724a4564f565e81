# Who each role is, and which single secrets it may read. The secrets are made empty here: their values
# never pass through Terraform (../data/secrets.sh fills them).
locals {
  readers = {
    cluster-key        = ["bulkhead", "write", "read"]
    redis-url          = ["bulkhead", "write", "read"]
    write-database-url = ["write"]
    pseudonym-key      = ["write"]
    read-database-url  = ["read"]
  }
  secrets = { for secret, roles in local.readers : secret => roles
  if secret != "read-database-url" || var.shared_read_database }

  readings = merge([for secret, roles in local.secrets : {
    for role in roles : "${role}-${secret}" => { secret = secret, role = role }
  }]...)

  telling = merge([for role in ["bulkhead", "write", "read"] : {
    "${role}-logs"    = { role = role, permission = "roles/logging.logWriter" }
    "${role}-metrics" = { role = role, permission = "roles/monitoring.metricWriter" }
  }]...)
}

resource "google_service_account" "role" {
  for_each = toset(["bulkhead", "write", "read"])

  account_id   = "${var.name}-${each.key}"
  display_name = "Mamparo, ${each.key} servers"
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  secret_id = "${var.name}-${each.key}"

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.readings

  secret_id = google_secret_manager_secret.this[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.role[each.value.role].email}"
}

resource "google_project_iam_member" "telling" {
  for_each = local.telling

  project = var.project
  role    = each.value.permission
  member  = "serviceAccount:${google_service_account.role[each.value.role].email}"
}
