output "bucket" {
  description = "Name of the bucket, for a backend.tf."
  value       = google_storage_bucket.this.name
}
