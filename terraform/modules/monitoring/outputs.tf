output "alerts" {
  description = "What is watched for."
  value       = concat(keys(local.alerts), ["unreachable"])
}
