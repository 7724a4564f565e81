output "url" {
  description = "Where the system answers."
  value       = module.balancer.url
}

output "address" {
  description = "Public address, for the domain's record."
  value       = module.balancer.address
}
