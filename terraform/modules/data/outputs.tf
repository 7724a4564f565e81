output "write_instance" {
  description = "Name of the write side's Cloud SQL instance."
  value       = google_sql_database_instance.write.name
}

output "redis_instance" {
  description = "Name of the Redis instance."
  value       = google_redis_instance.this.name
}

output "filled" {
  description = "Known once every secret has a value: what depends on it starts with them in place."
  value       = terraform_data.secrets.id
}
