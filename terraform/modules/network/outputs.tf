output "network" {
  description = "The network, once Google's services are peered with it."
  value       = google_compute_network.this.id
  depends_on  = [google_service_networking_connection.services]
}

output "subnetwork" {
  description = "The subnet, once its machines can reach the outside."
  value       = google_compute_subnetwork.this.id
  depends_on  = [google_compute_router_nat.this]
}

output "zone" {
  description = "The private zone of names."
  value = {
    name   = google_dns_managed_zone.this.name
    domain = google_dns_managed_zone.this.dns_name
  }
}
