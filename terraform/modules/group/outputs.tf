output "instances" {
  description = "The instance group, for a balancer."
  value       = google_compute_region_instance_group_manager.this.instance_group
}

output "scaling" {
  description = "Between how many servers the group scales, and by what; null: it does not."
  value       = var.size.max > var.size.min ? var.size : null
}
