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
    condition     = contains(local.regions, var.region)
    error_message = "region must be one of Google Cloud's, as us-central1; gcloud compute regions list shows them, and one that is newer than this belongs into variables.tf."
  }
}

locals {
  regions = [
    "africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3", "asia-south1",
    "asia-south2", "asia-southeast1", "asia-southeast2", "australia-southeast1", "australia-southeast2", "europe-central2",
    "europe-north1", "europe-north2", "europe-southwest1", "europe-west1", "europe-west2", "europe-west3", "europe-west4",
    "europe-west6", "europe-west8", "europe-west9", "europe-west10", "europe-west12", "me-central1", "me-central2",
    "me-west1", "northamerica-northeast1", "northamerica-northeast2", "northamerica-south1", "southamerica-east1",
    "southamerica-west1", "us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2",
    "us-west3", "us-west4",
  ]
  machines = "^[a-z][0-9][a-z]?-[-a-z0-9]+$"
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
    condition     = var.bulkhead.min >= 1 && var.bulkhead.min <= var.bulkhead.max && alltrue([for n in [var.bulkhead.min, var.bulkhead.max] : floor(n) == n])
    error_message = "bulkhead: min and max must be whole numbers, min at least 1 and not above max."
  }
  validation {
    condition     = can(regex(local.machines, var.bulkhead.machine))
    error_message = "bulkhead: machine must be a machine type, as e2-small."
  }
  validation {
    condition     = var.bulkhead.cpu > 0 && var.bulkhead.cpu < 1
    error_message = "bulkhead: cpu must be a share between 0 and 1, as 0.75."
  }
  validation {
    condition     = var.bulkhead.initialisation_s >= 0 && var.bulkhead.initialisation_s <= 3600
    error_message = "bulkhead: initialisation_s must be between 0 and 3600."
  }
}

variable "read" {
  type        = object({ machine = string, min = number, max = number, cpu = number, disk_gb = number })
  description = "The read servers, likewise; the disk holds a PostgreSQL with all records."

  validation {
    condition     = var.read.min >= 1 && var.read.min <= var.read.max && alltrue([for n in [var.read.min, var.read.max] : floor(n) == n])
    error_message = "read: min and max must be whole numbers, min at least 1 and not above max."
  }
  validation {
    condition     = can(regex(local.machines, var.read.machine))
    error_message = "read: machine must be a machine type, as e2-small."
  }
  validation {
    condition     = var.read.cpu > 0 && var.read.cpu < 1
    error_message = "read: cpu must be a share between 0 and 1, as 0.75."
  }
  validation {
    condition     = var.read.disk_gb >= 10 && var.read.disk_gb <= 65536
    error_message = "read: disk_gb must be between 10 and 65536."
  }
}

variable "write" {
  type        = object({ machine = string, servers = number })
  description = "The write servers: always as many."

  validation {
    condition     = var.write.servers >= 1 && var.write.servers <= 16 && floor(var.write.servers) == var.write.servers
    error_message = "write: servers must be a whole number between 1 and 16."
  }
  validation {
    condition     = can(regex(local.machines, var.write.machine))
    error_message = "write: machine must be a machine type, as e2-small."
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
  description = "Whether databases and releases refuse to be deleted."
}

variable "shared_read_database" {
  type        = bool
  default     = false
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
