# What a plan of the bucket must say, without a cloud: terraform test
mock_provider "google" {}

variables {
  project = "a-project"
  keepers = ["user:ana@example.org", "group:operators@example.org"]
}

run "nobody_but_its_keepers_reads_a_state" {
  command = plan

  assert {
    condition = google_storage_bucket_iam_policy.this.policy_data == jsonencode({
      bindings = [{ role = "roles/storage.admin", members = var.keepers }]
    })
    error_message = "The bucket must be its keepers' alone."
  }
  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced"
    error_message = "The bucket must not be one that could be opened."
  }
}

run "everybody_is_no_keeper" {
  command         = plan
  expect_failures = [var.keepers]

  variables {
    keepers = ["allUsers"]
  }
}

run "a_whole_domain_is_no_keeper" {
  command         = plan
  expect_failures = [var.keepers]

  variables {
    keepers = ["domain:example.org"]
  }
}
