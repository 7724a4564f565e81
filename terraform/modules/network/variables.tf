variable "name" {
  type        = string
  description = "Name of the network, and what its parts' names begin with."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  type        = string
  description = "Region of the subnet."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be the name of a region, as us-central1."
  }
}

variable "range" {
  type        = string
  description = "Addresses of the subnet."

  validation {
    condition     = can(cidrnetmask(var.range))
    error_message = "range must be an IPv4 range, as 10.20.0.0/20."
  }
}

variable "accounts" {
  type        = map(string)
  description = "E-mail address of the service account of each role: bulkhead, write and read."

  validation {
    condition     = toset(keys(var.accounts)) == toset(["bulkhead", "write", "read"])
    error_message = "accounts must have bulkhead, write and read."
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
  description = "Port of /livez, /readyz and /metrics."

  validation {
    condition     = var.admin_port > 0 && var.admin_port < 65536
    error_message = "admin_port must be between 1 and 65535."
  }
}
