variable "project" {
  type        = string
  description = "Project, which makes the bucket's name unique."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "name" {
  type        = string
  description = "The environment, likewise."

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  type        = string
  description = "Where the bucket is."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be the name of a region, as us-central1."
  }
}

variable "file" {
  type        = string
  description = "The archive that startup/release.sh makes."

  validation {
    condition     = fileexists(var.file)
    error_message = "There is no release at that path; startup/release.sh makes one."
  }
}

variable "accounts" {
  type        = map(string)
  description = "Service accounts that may fetch it."

  validation {
    condition     = length(var.accounts) > 0
    error_message = "accounts must not be empty."
  }
}

variable "protected" {
  type        = bool
  nullable    = false
  description = "Whether the bucket refuses to be deleted with releases in it."
}
