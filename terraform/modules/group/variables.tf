variable "name" {
  type        = string
  description = "Name of the group and of its servers."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,38}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  type        = string
  description = "Region whose zones share the servers."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be the name of a region, as us-central1."
  }
}

variable "role" {
  type        = string
  description = "What its servers are."

  validation {
    condition     = contains(["bulkhead", "write", "read"], var.role)
    error_message = "role must be bulkhead, write or read."
  }
}

variable "subnetwork" {
  type        = string
  description = "Subnet of the servers."

  validation {
    condition     = var.subnetwork != ""
    error_message = "subnetwork must not be empty."
  }
}

variable "account" {
  type        = string
  description = "E-mail address of their service account."

  validation {
    condition     = var.account != ""
    error_message = "account must not be empty."
  }
}

variable "machine_type" {
  type        = string
  description = "Their machine type."

  validation {
    condition     = can(regex("^[a-z][0-9][a-z]?-[-a-z0-9]+$", var.machine_type))
    error_message = "machine_type must be a machine type, as e2-small."
  }
}

variable "image" {
  type        = string
  description = "Their image: Debian 12, or one that startup/bake.sh made of it."

  validation {
    condition     = var.image != ""
    error_message = "image must not be empty."
  }
}

variable "disk_gb" {
  type        = number
  description = "Size of their disk."

  validation {
    condition     = var.disk_gb >= 10 && var.disk_gb <= 65536
    error_message = "disk_gb must be between 10 and 65536."
  }
}

variable "size" {
  type        = object({ min = number, max = number, cpu = optional(number, 0.75), initialisation_s = optional(number, 60) })
  description = "How many servers; where max is above min, by how busy their CPUs are, counted from when a new one has had its seconds to begin."

  validation {
    condition     = var.size.min >= 1 && var.size.min <= var.size.max && var.size.cpu > 0 && var.size.cpu < 1
    error_message = "size needs 1 <= min <= max, and 0 < cpu < 1."
  }
}

variable "first_boot_s" {
  type        = number
  description = "Longest a first boot may take: healing waits for that long, or it would replace servers for ever."

  validation {
    condition     = var.first_boot_s >= 60 && var.first_boot_s <= 3600
    error_message = "first_boot_s must be between 60 and 3600."
  }
}

variable "release" {
  type        = object({ url = string, sha256 = string })
  description = "What the servers run."

  validation {
    condition     = can(regex("^gs://", var.release.url)) && can(regex("^[0-9a-f]{64}$", var.release.sha256))
    error_message = "release needs a gs:// url and a sha256 of 64 hexadecimal digits."
  }
}

variable "settings" {
  type        = map(string)
  description = "Settings of the servers: the table of the README."

  validation {
    condition     = alltrue([for name in keys(var.settings) : !can(regex("KEY|URL|PASSWORD|SECRET", name))])
    error_message = "settings stand in the open in the metadata: keys, passwords and database addresses belong into secrets."
  }
}

variable "secrets" {
  type        = map(string)
  description = "Settings that are secrets, and the secret in Secret Manager that each is read from."

  validation {
    condition     = alltrue([for secret in values(var.secrets) : can(regex("^[-_a-zA-Z0-9]+$", secret))])
    error_message = "secrets must name secrets of Secret Manager, not hold them."
  }
}

variable "port" {
  type        = number
  description = "Port of the service."

  validation {
    condition     = var.port > 0 && var.port < 65536
    error_message = "port must be between 1 and 65535."
  }
}

variable "admin_port" {
  type        = number
  description = "Port of /livez."

  validation {
    condition     = var.admin_port > 0 && var.admin_port < 65536
    error_message = "admin_port must be between 1 and 65535."
  }
}
