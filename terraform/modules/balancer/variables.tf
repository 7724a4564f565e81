variable "name" {
  type        = string
  description = "Name of the balancer."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,38}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "instances" {
  type        = string
  description = "The gateways: an instance group."

  validation {
    condition     = var.instances != ""
    error_message = "instances must not be empty."
  }
}

variable "domain" {
  type        = string
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

variable "admin_port" {
  type        = number
  description = "Port of /readyz."

  validation {
    condition     = var.admin_port > 0 && var.admin_port < 65536
    error_message = "admin_port must be between 1 and 65535."
  }
}
