output "cluster" {
  description = "What kubectl clouder cluster import reads."
  value       = module.cluster.cluster
}

output "setup_script" {
  description = "Makes the machines a Kubernetes cluster."
  value       = module.cluster.setup_script
}

output "environment_file" {
  description = "The same facts as variables of a shell."
  value       = module.cluster.environment_file
}

output "deploy_script" {
  description = "Installs kubectl clouder's parts in the cluster."
  value       = module.cluster.deploy_script
}

output "repositories" {
  description = "ECR repositories by name."
  value       = { for name, one in aws_ecr_repository.own : name => one.repository_url }
}
