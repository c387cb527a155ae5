resource "aws_ecr_repository" "own" {
  for_each = var.registry_repositories

  name                 = "${var.cluster_name}/${each.value}"
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "AES256"
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}
