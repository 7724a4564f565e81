variable "project" {
  type        = string
  description = "Project in which the accounts may write logs and metrics."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "name" {
  type        = string
  description = "What the names of accounts and secrets begin with."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "shared_read_database" {
  type        = bool
  nullable    = false
  description = "Whether the read servers share a database, whose address is then a secret of theirs."
}
