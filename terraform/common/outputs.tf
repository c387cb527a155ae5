output "cluster" {
  description = "What kubectl clouder cluster import reads."
  value       = local.cluster
}

output "setup_script" {
  description = "Makes the machines a Kubernetes cluster."
  value       = local_file.setup.filename
}

output "environment_file" {
  description = "The same facts as variables of a shell."
  value       = local_file.environment.filename
}

output "deploy_script" {
  description = "Installs kubectl clouder's parts in the cluster."
  value       = local_file.deploy.filename
}
