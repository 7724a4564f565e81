variable "name" {
  type        = string
  description = "The environment, as it is called in alerts."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,38}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "project" {
  type        = string
  description = "Project that is watched."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "email" {
  type        = string
  description = "Who is told; empty: nobody."

  validation {
    condition     = var.email == "" || can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", var.email))
    error_message = "email must be empty or an e-mail address."
  }
}

variable "host" {
  type        = string
  description = "Name or address at which the system answers."

  validation {
    condition     = var.host != ""
    error_message = "host must not be empty."
  }
}

variable "is_secure" {
  type        = bool
  nullable    = false
  description = "Whether it answers by HTTPS."
}
