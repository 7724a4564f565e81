variable "name" {
  type        = string
  description = "Name of the balancer."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,38}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  type        = string
  description = "Region of the servers."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be the name of a region, as us-central1."
  }
}

variable "role" {
  type        = string
  description = "Role of the servers; the name begins with it."

  validation {
    condition     = contains(["write", "read"], var.role)
    error_message = "role must be write or read."
  }
}

variable "network" {
  type        = string
  description = "Network of the servers."

  validation {
    condition     = var.network != ""
    error_message = "network must not be empty."
  }
}

variable "subnetwork" {
  type        = string
  description = "Subnet that the address is of."

  validation {
    condition     = var.subnetwork != ""
    error_message = "subnetwork must not be empty."
  }
}

variable "instances" {
  type        = string
  description = "The servers: an instance group."

  validation {
    condition     = var.instances != ""
    error_message = "instances must not be empty."
  }
}

variable "zone" {
  type        = object({ name = string, domain = string })
  description = "Private zone that the name is put in."

  validation {
    condition     = endswith(var.zone.domain, ".")
    error_message = "zone.domain must end with a full stop."
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
  description = "Port of /readyz."

  validation {
    condition     = var.admin_port > 0 && var.admin_port < 65536
    error_message = "admin_port must be between 1 and 65535."
  }
}
