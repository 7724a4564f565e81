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
  description = "Where the bucket is."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be the name of a region, as us-central1."
  }
}

variable "keepers" {
  type        = list(string)
  description = "Who may read and write the states, you among them."

  validation {
    condition     = length(var.keepers) > 0 && alltrue([for who in var.keepers : can(regex("^(user|group|serviceAccount):[^@ ]+@[^@ ]+$", who))])
    error_message = "keepers must be single accounts or groups, as [\"user:ana@example.org\"]."
  }
}
