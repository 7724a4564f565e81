variable "project" {
  type        = string
  description = "Id of the Google Cloud project."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  type        = string
  default     = "us-central1"
  description = "Region of everything."

  validation {
    condition     = can(regex("^(africa|asia|australia|europe|me|northamerica|southamerica|us)-(central|east|west|north|south|northeast|northwest|southeast|southwest)[0-9]{1,2}$", var.region))
    error_message = "region must be one of Google Cloud's, as us-central1; gcloud compute regions list shows them."
  }
}

variable "name" {
  type        = string
  description = "What all names begin with: another one for each environment of a project."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "range" {
  type        = string
  default     = "10.20.0.0/20"
  description = "Addresses of the subnet."

  validation {
    condition     = can(cidrnetmask(var.range))
    error_message = "range must be an IPv4 range, as 10.20.0.0/20."
  }
}

variable "release" {
  type        = string
  description = "Path of the archive that startup/release.sh makes."

  validation {
    condition     = fileexists(var.release)
    error_message = "release: there is no file at that path; startup/release.sh makes one."
  }
}

variable "image" {
  type        = string
  default     = "debian-cloud/debian-12"
  description = "Image of the servers: Debian 12, or one that startup/bake.sh made of it."

  validation {
    condition     = can(regex("debian-12|mamparo", var.image))
    error_message = "image must be Debian 12, as debian-cloud/debian-12, or an image of startup/bake.sh."
  }
}

variable "bulkhead" {
  type        = object({ machine = string, min = number, max = number, cpu = number, initialisation_s = number })
  description = "The gateways: between min and max of them, by how busy their CPUs are."

  validation {
    condition     = var.bulkhead.min >= 1 && var.bulkhead.min <= var.bulkhead.max
    error_message = "bulkhead: min must be at least 1 and not above max."
  }
}

variable "read" {
  type        = object({ machine = string, min = number, max = number, cpu = number, disk_gb = number })
  description = "The read servers, likewise; the disk holds a PostgreSQL with all records."

  validation {
    condition     = var.read.min >= 1 && var.read.min <= var.read.max
    error_message = "read: min must be at least 1 and not above max."
  }
}

variable "write" {
  type        = object({ machine = string, servers = number })
  description = "The write servers: always as many."

  validation {
    condition     = var.write.servers >= 1 && var.write.servers <= 16
    error_message = "write: servers must be between 1 and 16."
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
  description = "Whether the write database has a standby in another zone."
}

variable "protected" {
  type        = bool
  description = "Whether databases and releases refuse to be deleted."
}

variable "shared_read_database" {
  type        = bool
  default     = false
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
    condition     = var.redis_gb >= 1 && var.redis_gb <= 300
    error_message = "redis_gb must be between 1 and 300."
  }
}

variable "domain" {
  type        = string
  default     = ""
  description = "Name with which clients come: a certificate is made for it. Empty: HTTP only."

  validation {
    condition     = var.domain == "" || can(regex("^([a-z0-9]([-a-z0-9]*[a-z0-9])?[.])+[a-z]{2,}$", var.domain))
    error_message = "domain must be empty or a domain name, as api.example.org."
  }
}

variable "requests_per_minute" {
  type        = number
  description = "What one address may ask for in a minute; 0: no limit."

  validation {
    condition     = var.requests_per_minute >= 0 && var.requests_per_minute <= 1000000
    error_message = "requests_per_minute must be between 0 and 1000000."
  }
}

variable "alert_email" {
  type        = string
  default     = ""
  description = "Who is told when something is wrong; empty: nobody."

  validation {
    condition     = var.alert_email == "" || can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", var.alert_email))
    error_message = "alert_email must be empty or an e-mail address."
  }
}
