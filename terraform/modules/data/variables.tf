variable "project" {
  type        = string
  description = "Project of the databases."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "name" {
  type        = string
  description = "What the names of the databases and of their secrets begin with."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  type        = string
  description = "Region of the databases."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be the name of a region, as us-central1."
  }
}

variable "network" {
  type        = string
  description = "Network that reaches them."

  validation {
    condition     = var.network != ""
    error_message = "network must not be empty."
  }
}

variable "sql_tier" {
  type        = string
  description = "Machine of each Cloud SQL instance."

  validation {
    condition     = can(regex("^db-(f1-micro|g1-small|custom-[0-9]+-[0-9]+)$", var.sql_tier))
    error_message = "sql_tier must be a tier of Cloud SQL, as db-custom-2-7680."
  }
}

variable "highly_available" {
  type        = bool
  nullable    = false
  description = "Whether the write database has a standby in another zone."
}

variable "protected" {
  type        = bool
  nullable    = false
  description = "Whether the databases refuse to be deleted."
}

variable "shared_read_database" {
  type        = bool
  nullable    = false
  description = "One Cloud SQL for all read servers, instead of a PostgreSQL of its own on each."
}

variable "redis_tier" {
  type        = string
  description = "STANDARD_HA, with a standby, or BASIC."

  validation {
    condition     = contains(["STANDARD_HA", "BASIC"], var.redis_tier)
    error_message = "redis_tier must be STANDARD_HA or BASIC."
  }
}

variable "redis_gb" {
  type        = number
  description = "Memory of Redis; the streams take at most a gigabyte for each service."

  validation {
    condition     = var.redis_gb >= 1 && var.redis_gb <= 300 && floor(var.redis_gb) == var.redis_gb
    error_message = "redis_gb must be a whole number between 1 and 300."
  }
}
