output "address" {
  description = "The address that the role's name stands for."
  value       = google_compute_forwarding_rule.this.ip_address
}
