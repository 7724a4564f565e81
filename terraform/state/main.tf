# Where people who share an environment keep Terraform's state, made once and before it. The state holds Redis's
# AUTH string, so the bucket is private: its policy is this one, without the readers that a project gives to
# each bucket.
resource "google_storage_bucket" "this" {
  name                        = "${var.project}-terraform"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 20
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_storage_bucket_iam_policy" "this" {
  bucket      = google_storage_bucket.this.name
  policy_data = jsonencode({ bindings = [{ role = "roles/storage.admin", members = var.keepers }] })
}
