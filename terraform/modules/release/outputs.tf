output "url" {
  description = "Where the release is."
  value       = "gs://${google_storage_bucket.this.name}/${google_storage_bucket_object.release.name}"
  depends_on  = [google_storage_bucket_iam_member.reader]
}

output "sha256" {
  description = "Its digest, which the servers verify."
  value       = local.sha256
}
