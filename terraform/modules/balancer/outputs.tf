output "address" {
  description = "Public address; a domain's record must point to it."
  value       = google_compute_global_address.this.address
}

output "url" {
  description = "Where the system answers."
  value       = local.is_secure ? "https://${var.domain}" : "http://${google_compute_global_address.this.address}"
}
