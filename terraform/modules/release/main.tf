# The program and its models, as startup/release.sh packs them, where the servers can fetch them.
resource "google_storage_bucket" "this" {
  name                        = "${var.project}-${var.name}-release"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protected

  versioning {
    enabled = true
  }
}

# The digest is in the name, so a release never changes under a running group.
resource "google_storage_bucket_object" "release" {
  name            = "mamparo-${local.sha256}.tar.gz"
  bucket          = google_storage_bucket.this.name
  source          = var.file
  deletion_policy = "ABANDON" # so that a roll-back finds the release before
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = var.accounts

  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${each.value}"
}

locals {
  sha256 = filesha256(var.file)
}
