# What a plan of this environment must say, without a cloud: terraform test
mock_provider "google" {}

variables {
  project = "a-project"
  release = "tests/release.txt"
}

run "the_gateways_are_one_to_three_at_75_percent" {
  command = plan

  assert {
    condition = alltrue([
      module.group["bulkhead"].scaling.min == 1, module.group["bulkhead"].scaling.max == 3,
      module.group["bulkhead"].scaling.cpu == 0.75, module.group["bulkhead"].scaling.initialisation_s == 60,
    ])
    error_message = "The gateways must be between 1 and 3, by 75 % of CPU, with 60 s to begin."
  }
}

run "the_write_servers_are_always_as_many" {
  command = plan

  assert {
    condition     = module.group["write"].scaling == null
    error_message = "The write servers must not be scaled."
  }
}

run "nothing_is_told_an_address" {
  command = plan

  assert {
    condition     = length(local.roles.bulkhead.settings) == 0 && contains(module.identity.secrets_of.bulkhead, "REDIS_URL")
    error_message = "A gateway must be told where Redis is, and find the servers there."
  }
  assert {
    condition     = local.roles.read.settings.WRITE_SERVERS == "write.${var.name}.internal:8000"
    error_message = "A read server must be told a name, where it fills itself."
  }
}

run "each_role_has_only_its_own_secrets" {
  command = plan

  assert {
    condition     = module.identity.secrets_of.bulkhead == toset(["CLUSTER_KEY", "REDIS_URL"])
    error_message = "A gateway needs Redis, and no database."
  }
  assert {
    condition     = module.identity.secrets_of.read == toset(["CLUSTER_KEY", "REDIS_URL"])
    error_message = "A read server has a PostgreSQL of its own, and no business with the write side's."
  }
}

run "a_shared_read_database_is_one_variable" {
  command = plan

  variables {
    shared_read_database = true
  }

  assert {
    condition     = contains(module.identity.secrets_of.read, "READ_DATABASE_URL")
    error_message = "The read servers must be told of the database that they share."
  }
}

run "a_misspelt_region_is_refused" {
  command         = plan
  expect_failures = [var.region]

  variables {
    region = "us-centrall1"
  }
}

run "min_above_max_is_refused" {
  command         = plan
  expect_failures = [var.bulkhead]

  variables {
    bulkhead = { machine = "e2-small", min = 4, max = 3, cpu = 0.75, initialisation_s = 60 }
  }
}

run "a_wrong_project_id_is_refused" {
  command         = plan
  expect_failures = [var.project]

  variables {
    project = "My Project"
  }
}

run "a_release_that_is_not_there_is_refused" {
  command         = plan
  expect_failures = [var.release]

  variables {
    release = "nowhere.tar.gz"
  }
}
