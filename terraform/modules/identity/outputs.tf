output "accounts" {
  description = "E-mail address of each role's service account."
  value       = { for role, account in google_service_account.role : role => account.email }
  depends_on  = [google_secret_manager_secret_iam_member.reader, google_project_iam_member.telling]
}

output "secrets" {
  description = "For each role, the settings that are secrets and the secret each is read from."
  value = { for role in ["bulkhead", "write", "read"] : role => {
    for secret, roles in local.secrets : upper(replace(secret, "-", "_")) =>
    google_secret_manager_secret.this[secret].secret_id if contains(roles, role)
  } }
}

output "secrets_of" {
  description = "For each role, the settings that are secrets: known before the secrets are there."
  value = { for role in ["bulkhead", "write", "read"] : role => toset([
    for secret, roles in local.secrets : upper(replace(secret, "-", "_")) if contains(roles, role)
  ]) }
}
